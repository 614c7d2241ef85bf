/* A disk that fails: the n-th call that would change a file below a folder fails, or is the last.

   Preloaded (LD_PRELOAD), so that what SQLite, Python and every other library ask of the system goes
   through here. Nothing happens until failing_writes_arm() is called; it counts from there.

   ONCE: that call alone fails; what it asked for is not done.
   ON:   it and all that follow fail. Of a full disk a write does half of what was asked first, and
         only what takes room fails (writing, growing, making files, folders and names).
   KILL: the process is killed at that call; before it, or within: half of a write is done. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { OFF, ONCE, ON, KILL_BEFORE, KILL_WITHIN };
enum kind { WRITES, GROWS, NAMES, SYNCS, REMOVES };
enum verdict { DO_IT, REFUSE, HALF };

static char folder[PATH_MAX];
static size_t folder_length;
static int error_number;
static volatile enum how how = OFF;
static long place;
static long count;
static char what[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void failing_writes_arm(const char *path, long n, int error, int mode) {
    pthread_mutex_lock(&lock);
    snprintf(folder, sizeof folder, "%s", path);
    folder_length = strlen(folder);
    place = n;
    error_number = error;
    count = 0;
    what[0] = 0;
    how = (enum how)mode;
    pthread_mutex_unlock(&lock);
}

/* How many calls were seen since it was armed; it does nothing more. */
long failing_writes_disarm(void) {
    how = OFF;
    return count;
}

/* Which call was made to fail, and of which file: empty where none was. */
const char *failing_writes_what(void) { return what; }

static int is_below(const char *path) {
    return strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == 0);
}

static int handle_is_below(int handle, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int path_is_below(int at, const char *path, char *whole) {
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
        return is_below(path);
    }
    char start[PATH_MAX];
    if (at == AT_FDCWD) {
        if (getcwd(start, sizeof start) == NULL) return 0;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, start, PATH_MAX - 1);
        if (length < 0) return 0;
        start[length] = 0;
    }
    snprintf(whole, PATH_MAX, "%.2000s/%.2000s", start, path);
    return is_below(whole);
}

static enum verdict judged(enum kind kind, const char *call, const char *path) {
    enum verdict found = DO_IT;
    pthread_mutex_lock(&lock);
    if (how == OFF) {
        pthread_mutex_unlock(&lock);
        return DO_IT;
    }
    count++;
    int is_first = count == place;
    int takes_room = kind == WRITES || kind == GROWS || kind == NAMES;
    int is_full = error_number == ENOSPC || error_number == EDQUOT;
    if (is_first) {
        const char *name = strrchr(path, '/');
        snprintf(what, sizeof what, "%s %.48s", call, name ? name + 1 : path);
        if (how == KILL_BEFORE || (how == KILL_WITHIN && kind != WRITES)) kill(getpid(), SIGKILL);
        if (how == KILL_WITHIN) found = HALF;
        if (how == ONCE && !(is_full && kind == REMOVES)) found = REFUSE;
    }
    if (how == ON && count >= place && (!is_full || takes_room))
        found = is_first && is_full && kind == WRITES ? HALF : REFUSE;
    pthread_mutex_unlock(&lock);
    return found;
}

static enum verdict of_handle(int handle, enum kind kind, const char *call) {
    char path[PATH_MAX];
    int before = errno;
    enum verdict found = DO_IT;
    if (how != OFF && handle_is_below(handle, path)) found = judged(kind, call, path);
    errno = found == REFUSE ? error_number : before;
    return found;
}

static enum verdict of_path(int at, const char *name, enum kind kind, const char *call) {
    char path[PATH_MAX];
    int before = errno;
    enum verdict found = DO_IT;
    if (how != OFF && path_is_below(at, name, path)) found = judged(kind, call, path);
    errno = found == REFUSE ? error_number : before;
    return found;
}

static void die_within(void) {
    if (how == KILL_WITHIN) kill(getpid(), SIGKILL);
}

#define REAL(type, name, ...)                                  \
    static type (*real)(__VA_ARGS__);                          \
    if (real == NULL) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define HALF_OF(size) ((size) > 1 ? (size) / 2 : (size))

ssize_t write(int handle, const void *bytes, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    enum verdict found = of_handle(handle, WRITES, "write");
    if (found == REFUSE) return -1;
    if (found == DO_IT) return real(handle, bytes, size);
    ssize_t done = real(handle, bytes, HALF_OF(size));
    die_within();
    return done;
}

#define PWRITE(function, offset_type)                                            \
    ssize_t function(int handle, const void *bytes, size_t size, offset_type at) { \
        REAL(ssize_t, #function, int, const void *, size_t, offset_type);        \
        enum verdict found = of_handle(handle, WRITES, "pwrite");                \
        if (found == REFUSE) return -1;                                          \
        if (found == DO_IT) return real(handle, bytes, size, at);                \
        ssize_t done = real(handle, bytes, HALF_OF(size), at);                   \
        die_within();                                                            \
        return done;                                                             \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int handle, const struct iovec *parts, int n_parts) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    enum verdict found = of_handle(handle, WRITES, "writev");
    if (found == REFUSE) return -1;
    ssize_t done = real(handle, parts, found == HALF && n_parts > 1 ? n_parts / 2 : n_parts);
    if (found == HALF) die_within();
    return done;
}

#define SENDFILE(function, offset_type)                                     \
    ssize_t function(int out, int in, offset_type *at, size_t size) {       \
        REAL(ssize_t, #function, int, int, offset_type *, size_t);          \
        enum verdict found = of_handle(out, WRITES, "sendfile");            \
        if (found == REFUSE) return -1;                                     \
        ssize_t done = real(out, in, at, found == HALF ? 1 : size);         \
        if (found == HALF) die_within();                                    \
        return done;                                                        \
    }
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)

ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t size,
                        unsigned flags) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
    enum verdict found = of_handle(out, WRITES, "copy_file_range");
    if (found == REFUSE) return -1;
    ssize_t done = real(in, in_at, out, out_at, found == HALF ? 1 : size, flags);
    if (found == HALF) die_within();
    return done;
}

#define ON_HANDLE(function, kind)                              \
    int function(int handle) {                                 \
        REAL(int, #function, int);                             \
        if (of_handle(handle, kind, #function) == REFUSE) return -1; \
        return real(handle);                                   \
    }
ON_HANDLE(fsync, SYNCS)
ON_HANDLE(fdatasync, SYNCS)

#define TRUNCATE(function, offset_type)                        \
    int function(int handle, offset_type size) {               \
        REAL(int, #function, int, offset_type);                \
        if (of_handle(handle, GROWS, "ftruncate") == REFUSE) return -1; \
        return real(handle, size);                             \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(function, offset_type)                        \
    int function(int handle, offset_type at, offset_type size) { \
        REAL(int, #function, int, offset_type, offset_type);   \
        if (of_handle(handle, GROWS, "fallocate") == REFUSE) return error_number; \
        return real(handle, at, size);                         \
    }
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (of_path(AT_FDCWD, to, NAMES, "rename") == REFUSE) return -1;
    return real(from, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    if (of_path(to_at, to, NAMES, "rename") == REFUSE) return -1;
    return real(from_at, from, to_at, to);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    if (of_path(to_at, to, NAMES, "rename") == REFUSE) return -1;
    return real(from_at, from, to_at, to, flags);
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    if (of_path(AT_FDCWD, to, NAMES, "link") == REFUSE) return -1;
    return real(from, to);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    if (of_path(to_at, to, NAMES, "link") == REFUSE) return -1;
    return real(from_at, from, to_at, to, flags);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    if (of_path(AT_FDCWD, path, NAMES, "mkdir") == REFUSE) return -1;
    return real(path, mode);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (of_path(AT_FDCWD, path, REMOVES, "unlink") == REFUSE) return -1;
    return real(path);
}

int unlinkat(int at, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    if (of_path(at, path, REMOVES, "unlink") == REFUSE) return -1;
    return real(at, path, flags);
}

int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    if (of_path(AT_FDCWD, path, REMOVES, "rmdir") == REFUSE) return -1;
    return real(path);
}

/* Opening is a call of this kind where it makes the file. */
static int makes(int at, const char *path, int flags) {
    char whole[PATH_MAX];
    int before = errno;
    int found = how != OFF && (flags & O_CREAT) && path_is_below(at, path, whole) &&
                access(whole, F_OK) != 0;
    errno = before;
    return found;
}

#define OPEN(function)                                                          \
    int function(const char *path, int flags, ...) {                            \
        REAL(int, #function, const char *, int, ...);                           \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = va_arg(rest, int);                                        \
        va_end(rest);                                                           \
        if (makes(AT_FDCWD, path, flags) &&                                     \
            of_path(AT_FDCWD, path, NAMES, "create") == REFUSE)                 \
            return -1;                                                          \
        return real(path, flags, mode);                                         \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(function)                                                        \
    int function(int at, const char *path, int flags, ...) {                    \
        REAL(int, #function, int, const char *, int, ...);                      \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = va_arg(rest, int);                                        \
        va_end(rest);                                                           \
        if (makes(at, path, flags) && of_path(at, path, NAMES, "create") == REFUSE) \
            return -1;                                                          \
        return real(at, path, flags, mode);                                     \
    }
OPENAT(openat)
OPENAT(openat64)
