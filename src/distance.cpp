// Distance on a sphere.
#include "distance.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace weedgo {

namespace {

constexpr double earth_radius_m = 6'371'008.8; // IUGG mean radius R1

double radians(double degrees) {
    return degrees * std::numbers::pi / 180.0;
}

} // namespace

bool is_valid(const Coordinates &place) {
    return std::abs(place.latitude) <= 90.0 && std::abs(place.longitude) <= 180.0;
}

std::int32_t distance_m(const Coordinates &from, const Coordinates &to) {
    const double half_latitude = std::sin(radians(to.latitude - from.latitude) / 2);
    const double half_longitude = std::sin(radians(to.longitude - from.longitude) / 2);
    const double haversine = half_latitude * half_latitude + std::cos(radians(from.latitude)) *
                                                                 std::cos(radians(to.latitude)) *
                                                                 half_longitude * half_longitude;
    const double angle = 2 * std::asin(std::sqrt(std::min(1.0, haversine)));
    return static_cast<std::int32_t>(std::lround(earth_radius_m * angle));
}

} // namespace weedgo
