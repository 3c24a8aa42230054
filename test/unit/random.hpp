// Random orders that can be had again: one 64-bit seed each, the same on every machine.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace weedgo::test {

// SplitMix64 (Steele, Lea and Flood, 2014).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t bits() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    // From low to high, both included.
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(high - low + 1));
    }

    // Once in n times.
    bool one_in(std::int64_t n) { return between(1, n) == 1; }

private:
    std::uint64_t state_;
};

// A loop over random cases. Case i has the seed first + i, so the seed of a failed case, given as
// WEEDGO_SEED, makes it the first one, and WEEDGO_CASES=1 the only one.
struct RandomCases {
    std::uint64_t first = 20'261'124;
    std::int64_t count;

    explicit RandomCases(std::int64_t usual_count) : count(usual_count) {
        if (const char *seed = std::getenv("WEEDGO_SEED"))
            first = std::strtoull(seed, nullptr, 10);
        if (const char *cases = std::getenv("WEEDGO_CASES"))
            count = std::strtoll(cases, nullptr, 10);
        std::cout << "seed " << first << ", " << count << " cases" << std::endl;
    }

    // Whether all cases run, so that what they cover together is known.
    static bool as_usual() { return !std::getenv("WEEDGO_SEED") && !std::getenv("WEEDGO_CASES"); }

    std::uint64_t seed(std::int64_t number) const {
        return first + static_cast<std::uint64_t>(number);
    }

    static std::string replay(std::uint64_t seed) {
        return "to replay: WEEDGO_SEED=" + std::to_string(seed) + " WEEDGO_CASES=1\n";
    }
};

} // namespace weedgo::test
