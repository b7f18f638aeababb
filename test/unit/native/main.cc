// One program of all the tests in this folder; native.test.ts builds it and runs them one by one.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
