// How far it is from a store to a customer.
#include "distance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "random.hpp"

namespace weedgo {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int32_t half_circumference_m = 20'015'114; // pi x 6,371,008.8
constexpr std::int32_t quarter_circumference_m = 10'007'557;
constexpr std::int32_t degree_m = 111'195;

constexpr Coordinates toronto{43.6532, -79.3832};

constexpr double degrees(double whole, double minutes, double seconds) {
    return whole + minutes / 60 + seconds / 3600;
}

// Within half a percent: the published figures are partly those of an ellipsoid.
void expect_about(const Coordinates &from, const Coordinates &to, double published_m) {
    EXPECT_NEAR(distance_m(from, to), published_m, published_m * 0.005);
}

TEST(Distance, OfKnownCityPairsIsAsPublished) {
    const Coordinates montreal{45.5019, -73.5674};
    expect_about(toronto, montreal, 504'000);
    const Coordinates vancouver{49.2827, -123.1207};
    expect_about(toronto, vancouver, 3'359'000);
    // Jean Meeus, Astronomical Algorithms, example 11.c: Paris and Washington observatories.
    const Coordinates paris{degrees(48, 50, 11), degrees(2, 20, 14)};
    const Coordinates washington{degrees(38, 55, 17), -degrees(77, 3, 56)};
    expect_about(paris, washington, 6'181'630);
    // Land's End to John o' Groats, the example of C. Veness, Movable Type Scripts.
    const Coordinates lands_end{degrees(50, 3, 59), -degrees(5, 42, 53)};
    const Coordinates john_o_groats{degrees(58, 38, 38), -degrees(3, 4, 12)};
    expect_about(lands_end, john_o_groats, 968'900);
    // Flinders Peak to Buninyong, the test line of Geoscience Australia.
    const Coordinates flinders_peak{-degrees(37, 57, 3.7203), degrees(144, 25, 29.5244)};
    const Coordinates buninyong{-degrees(37, 39, 10.1561), degrees(143, 55, 35.3839)};
    expect_about(flinders_peak, buninyong, 54'972.271);
}

// Nashville to Los Angeles on Rosetta Code, with a radius of 6371.0 km: 2886.44444 km.
TEST(Distance, OfAPairPublishedForTheSameSphereAgreesToTheMetres) {
    EXPECT_NEAR(distance_m({36.12, -86.67}, {33.94, -118.40}), 2'886'444, 5);
}

TEST(Distance, OfAPlaceToItselfIsZero) {
    EXPECT_EQ(distance_m(toronto, toronto), 0);
    EXPECT_EQ(distance_m({0, 0}, {0, 0}), 0);
    EXPECT_EQ(distance_m({-90, 0}, {-90, 0}), 0);
}

TEST(Distance, OfADegreeIsTheSameAlongMeridiansAndTheEquator) {
    EXPECT_EQ(distance_m({0, 0}, {0, 1}), degree_m);
    EXPECT_EQ(distance_m({0, 0}, {1, 0}), degree_m);
    EXPECT_EQ(distance_m({45, 10}, {46, 10}), degree_m);
    EXPECT_EQ(distance_m({-46, 10}, {-45, 10}), degree_m);
}

TEST(Distance, OfADegreeOfLongitudeShrinksTowardsThePoles) {
    EXPECT_NEAR(distance_m({60, 0}, {60, 1}), degree_m / 2, 5);
    EXPECT_EQ(distance_m({90, 0}, {90, 1}), 0);
}

TEST(Distance, OfAntipodesIsHalfTheCircumference) {
    EXPECT_EQ(distance_m({0, 0}, {0, 180}), half_circumference_m);
    EXPECT_EQ(distance_m({0, -90}, {0, 90}), half_circumference_m);
    EXPECT_EQ(distance_m({90, 0}, {-90, 0}), half_circumference_m);
    EXPECT_NEAR(distance_m(toronto, {-43.6532, 100.6168}), half_circumference_m, 1);
    // Rounding can push the haversine past one; the arc sine must still be a number.
    for (int latitude = -90; latitude <= 90; latitude++)
        for (int longitude = -180; longitude <= 0; longitude++)
            ASSERT_NEAR(distance_m({latitude + 0.1 * (latitude < 0), longitude + 0.3},
                                   {-latitude - 0.1 * (latitude < 0), longitude + 180.3}),
                        half_circumference_m, 1)
                << latitude << " " << longitude;
}

TEST(Distance, BetweenPoleAndEquatorIsAQuarterOfTheCircumference) {
    EXPECT_EQ(distance_m({90, 0}, {0, 77}), quarter_circumference_m);
    EXPECT_EQ(distance_m({-90, 123}, {0, -5}), quarter_circumference_m);
}

TEST(Distance, AtAPoleDoesNotDependOnTheLongitude) {
    EXPECT_EQ(distance_m({90, -180}, {90, 55}), 0);
    EXPECT_EQ(distance_m({-90, 12}, {-90, 99}), 0);
}

TEST(Distance, AcrossTheDateLineIsTheShortWay) {
    EXPECT_EQ(distance_m({0, 179.5}, {0, -179.5}), degree_m);
    EXPECT_EQ(distance_m({0, 180}, {0, -180}), 0);
    EXPECT_EQ(distance_m({-18, 179}, {-18, -179}), distance_m({-18, 1}, {-18, 3}));
}

TEST(Distance, IsRoundedToTheNearestMetre) {
    const double metre = 1.0 / 111'195.08; // in degrees of latitude
    EXPECT_EQ(distance_m({0, 0}, {0.4 * metre, 0}), 0);
    EXPECT_EQ(distance_m({0, 0}, {0.6 * metre, 0}), 1);
    EXPECT_EQ(distance_m({0, 0}, {2.4 * metre, 0}), 2);
    EXPECT_EQ(distance_m({0, 0}, {2.6 * metre, 0}), 3);
}

TEST(Distance, IsTheSameBothWaysAndNeverNegative) {
    const test::RandomCases cases(20'000);
    for (std::int64_t i = 0; i < cases.count; i++) {
        test::Random random(cases.seed(i));
        const auto place = [&] {
            return Coordinates{static_cast<double>(random.between(-90'000'000, 90'000'000)) / 1e6,
                               static_cast<double>(random.between(-180'000'000, 180'000'000)) /
                                   1e6};
        };
        const Coordinates from = place();
        const Coordinates to = place();
        const std::int32_t there = distance_m(from, to);
        ASSERT_EQ(there, distance_m(to, from)) << cases.replay(cases.seed(i));
        ASSERT_GE(there, 0) << cases.replay(cases.seed(i));
        ASSERT_LE(there, half_circumference_m + 1) << cases.replay(cases.seed(i));

        // The angle once more, from the vectors to the two places.
        const auto radians = [](double degrees) {
            return degrees * std::acos(-1.0) / 180;
        };
        const double cosine = std::sin(radians(from.latitude)) * std::sin(radians(to.latitude)) +
                              std::cos(radians(from.latitude)) * std::cos(radians(to.latitude)) *
                                  std::cos(radians(from.longitude) - radians(to.longitude));
        ASSERT_NEAR(there, 6'371'008.8 * std::acos(std::fmax(-1, std::fmin(1, cosine))), 2)
            << cases.replay(cases.seed(i));
    }
}

TEST(Coordinates, AreValidUpToThePolesAndTheDateLine) {
    EXPECT_TRUE(is_valid({0, 0}));
    EXPECT_TRUE(is_valid(toronto));
    EXPECT_TRUE(is_valid({90, 180}));
    EXPECT_TRUE(is_valid({-90, -180}));
    EXPECT_TRUE(is_valid({-0.0, -0.0}));
}

TEST(Coordinates, AreInvalidBeyond) {
    EXPECT_FALSE(is_valid({std::nextafter(90.0, 91.0), 0}));
    EXPECT_FALSE(is_valid({std::nextafter(-90.0, -91.0), 0}));
    EXPECT_FALSE(is_valid({0, std::nextafter(180.0, 181.0)}));
    EXPECT_FALSE(is_valid({0, std::nextafter(-180.0, -181.0)}));
    EXPECT_FALSE(is_valid({-79.3832, 243.6532}));
    EXPECT_FALSE(is_valid({1e308, 0}));
}

TEST(Coordinates, AreInvalidWhereTheyAreNoNumbers) {
    for (const double no_number : {nan, -nan, infinity, -infinity}) {
        EXPECT_FALSE(is_valid({no_number, 0}));
        EXPECT_FALSE(is_valid({0, no_number}));
        EXPECT_FALSE(is_valid({no_number, no_number}));
    }
}

} // namespace
} // namespace weedgo
