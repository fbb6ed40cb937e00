/* Calls of the C library as calls.py lays them out. */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/* Of the functions that calls are made of, none takes more, and all return a number that is -1 on failure. */
#define ARGUMENTS 6
typedef int (*function)(long, long, long, long, long, long);

struct call {
    uint64_t function;
    int64_t arguments[ARGUMENTS];
};

/* Make calls up to the first that fails, and return its number; count: none fails. */
static inline size_t make_calls(const struct call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t *with = calls[i].arguments;
        function call = (function)(uintptr_t)calls[i].function;
        if (call((long)with[0], (long)with[1], (long)with[2], (long)with[3], (long)with[4], (long)with[5]) == -1)
            return i;
    }
    return count;
}
