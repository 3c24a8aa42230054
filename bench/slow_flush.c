// Makes each flush of the WAL take FLUSH_MS milliseconds more, as on a disk farther away than this
// machine's: preloaded into a server, which flushes by fdatasync. What the relay is to the network.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static int (*real_fdatasync)(int);
static struct timespec more;

__attribute__((constructor)) static void begin(void) {
    const char *given = getenv("FLUSH_MS");
    const double ms = given ? atof(given) : 0;
    more.tv_sec = (time_t)(ms / 1000);
    more.tv_nsec = (long)((ms - 1000.0 * (double)more.tv_sec) * 1e6);
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

int fdatasync(int file) {
    const int result = real_fdatasync(file);
    const int error = errno;
    struct timespec left = more;
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    errno = error;
    return result;
}
