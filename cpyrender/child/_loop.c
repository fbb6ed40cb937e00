/* A template's loop, as long as it only forks and buries: see loop.py. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "_calls.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* As Pipes in pipes.py has them. Of the five pipes of a child, in the order in which the server is sent its ends: whether
   that is the writing one. */
enum { SCRIPT, RESULT, STDOUT, STDERR, ENDED, PIPES };
static const int written_by_server[PIPES] = {1, 0, 0, 0, 0};
/* The pipes of which the child itself has the other ends, as its descriptors 0, 1, 2 and so on. */
static const int of_the_child[] = {SCRIPT, STDOUT, STDERR, RESULT};
#define KEPT (sizeof of_the_child / sizeof *of_the_child)
/* Longer than any command that is obeyed here. */
#define WORD 64

struct child {
    pid_t pid;
    int ended;
};

typedef struct {
    PyObject_HEAD
    int commands;
    PyObject *words;
    PyObject *told;
    PyObject *before, *keeping, *after;
    /* What is polled: the commands first, then each child's pidfd; children[i] is that of polled[i + 1]. */
    struct pollfd *polled;
    struct child *children;
    size_t count, room;
} Loop;

static size_t call_count(PyObject *packed)
{
    return (size_t)PyByteArray_GET_SIZE(packed) / sizeof(struct call);
}

static struct call *calls_in(PyObject *packed)
{
    return (struct call *)PyByteArray_AS_STRING(packed);
}

static int make_all(PyObject *packed)
{
    return make_calls(calls_in(packed), call_count(packed)) == call_count(packed);
}

static int have_room(Loop *self)
{
    if (self->count < self->room)
        return 1;
    size_t room = 2 * self->room + 16;
    struct pollfd *polled = PyMem_Realloc(self->polled, (room + 1) * sizeof *polled);
    if (polled == NULL)
        return 0;
    self->polled = polled;
    struct child *children = PyMem_Realloc(self->children, room * sizeof *children);
    if (children == NULL)
        return 0;
    self->children = children;
    self->room = room;
    return 1;
}

static void take_in(Loop *self, pid_t pid, int pidfd, int ended)
{
    self->children[self->count] = (struct child){pid, ended};
    self->polled[++self->count] = (struct pollfd){pidfd, POLLIN, 0};
}

static void close_pairs(int pairs[][2], int count)
{
    for (int i = 0; i < count; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}

static int open_pipes(int pairs[PIPES][2])
{
    for (int i = 0; i < PIPES; i++) {
        if (pipe2(pairs[i], O_CLOEXEC) < 0) {
            close_pairs(pairs, i);
            return 0;
        }
        if (fcntl(pairs[i][written_by_server[i]], F_SETFL, O_NONBLOCK) < 0) {
            close_pairs(pairs, i + 1);
            return 0;
        }
    }
    return 1;
}

/* Fork, with what is to be called before; and what is to be called after, in the parent. Return -1 where there is no
   child, for whatever reason, and -2 where what is to be called after failed. */
static pid_t fork_child(Loop *self)
{
    pid_t pid = -1;
    if (make_all(self->before))
        pid = fork();
    if (pid != 0 && !make_all(self->after))
        return -2;
    return pid;
}

static int hand_over(Loop *self, int pairs[PIPES][2], int pidfd)
{
    int fds[PIPES + 1];
    for (int i = 0; i < PIPES; i++)
        fds[i] = pairs[i][written_by_server[i]];
    fds[PIPES] = pidfd;
    struct iovec text = {PyBytes_AS_STRING(self->told), (size_t)PyBytes_GET_SIZE(self->told)};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof fds)];
    } control = {.header = {CMSG_LEN(sizeof fds), SOL_SOCKET, SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof fds)};
    return sendmsg(self->commands, &message, MSG_NOSIGNAL) >= 0;
}

/* Have a child forked and handed over. Return 1 in the child; in the template 0; -1 where that has failed, and nothing
   has been changed by it; -2 where it has failed for good, with errno. */
static int bring_forth(Loop *self)
{
    int pairs[PIPES][2];
    if (!have_room(self) || !open_pipes(pairs))
        return -1;
    struct call *keeping = calls_in(self->keeping);
    for (size_t i = 0; i < KEPT; i++)
        keeping[i].arguments[0] = pairs[of_the_child[i]][!written_by_server[of_the_child[i]]];
    pid_t pid = fork_child(self);
    if (pid == 0)
        return 1;
    if (pid < 0) {
        close_pairs(pairs, PIPES);
        return (int)pid;
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close_pairs(pairs, PIPES);
        return -1;
    }
    char word[WORD];
    /* It has been looked at only. */
    recv(self->commands, word, sizeof word, 0);
    int handed = hand_over(self, pairs, pidfd), reason = errno;
    take_in(self, pid, pidfd, pairs[ENDED][1]);
    for (int i = 0; i < PIPES; i++) {
        close(pairs[i][written_by_server[i]]);
        if (i != ENDED)
            close(pairs[i][!written_by_server[i]]);
    }
    errno = reason;
    return handed ? 0 : -2;
}

/* As Child.bury in burial.py does. */
static void bury(Loop *self, size_t number)
{
    struct child child = self->children[number];
    siginfo_t info;
    int status = 0;
    struct rusage usage;
    /* It is not reaped yet, so nobody else can have its number. */
    while (waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    kill(-child.pid, SIGKILL);
    while (wait4(child.pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    long seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    long micros = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    char word[128];
    /* No %f, which may write a comma. */
    int length = snprintf(word, sizeof word, "{\"status\": %d, \"cpu\": %ld.%06ld, \"peak\": %ld}", status,
                          seconds + micros / 1000000, micros % 1000000, usage.ru_maxrss * 1024);
    /* The server need not wait for it. */
    if (write(child.ended, word, (size_t)length) < 0)
        errno = 0;
    close(child.ended);
    close(self->polled[number + 1].fd);
    self->count--;
    self->children[number] = self->children[self->count];
    self->polled[number + 1] = self->polled[self->count + 1];
}

/* Return which of the words the next command is; -1: none of them, or no command. */
static Py_ssize_t next_word(Loop *self)
{
    char word[WORD];
    ssize_t length = recv(self->commands, word, sizeof word, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->words); i++) {
        PyObject *one = PyTuple_GET_ITEM(self->words, i);
        if (length == PyBytes_GET_SIZE(one) && length <= WORD && !memcmp(word, PyBytes_AS_STRING(one), (size_t)length))
            return i;
    }
    return -1;
}

static PyObject *loop_wait(Loop *self, PyObject *unused)
{
    for (;;) {
        if (poll(self->polled, self->count + 1, -1) < 0) {
            if (errno != EINTR)
                return PyErr_SetFromErrno(PyExc_OSError);
            if (PyErr_CheckSignals() < 0)
                return NULL;
            continue;
        }
        /* From the end: the last one takes the place of one that goes. */
        for (size_t i = self->count; i > 0; i--)
            if (self->polled[i].revents)
                bury(self, i - 1);
        if (!self->polled[0].revents)
            continue;
        Py_ssize_t word = next_word(self);
        if (word < 0)
            Py_RETURN_NONE;
        int is_child = bring_forth(self);
        if (is_child > 0)
            return PyLong_FromSsize_t(word);
        if (is_child == -1)
            Py_RETURN_NONE;
        if (is_child < 0)
            return PyErr_SetFromErrno(PyExc_OSError);
    }
}

static PyObject *loop_adopt(Loop *self, PyObject *arguments)
{
    int pid, pidfd, ended;
    if (!PyArg_ParseTuple(arguments, "iii", &pid, &pidfd, &ended))
        return NULL;
    if (!have_room(self))
        return PyErr_NoMemory();
    take_in(self, pid, pidfd, ended);
    Py_RETURN_NONE;
}

static PyObject *loop_give_up(Loop *self, PyObject *unused)
{
    PyObject *given = PyList_New(0);
    while (given != NULL && self->count > 0) {
        struct child child = self->children[self->count - 1];
        PyObject *one = Py_BuildValue("iii", (int)child.pid, self->polled[self->count].fd, child.ended);
        if (one == NULL || PyList_Append(given, one) < 0)
            Py_CLEAR(given);
        else
            self->count--;
        Py_XDECREF(one);
    }
    return given;
}

static void loop_dealloc(Loop *self)
{
    Py_XDECREF(self->words);
    Py_XDECREF(self->told);
    Py_XDECREF(self->before);
    Py_XDECREF(self->keeping);
    Py_XDECREF(self->after);
    PyMem_Free(self->polled);
    PyMem_Free(self->children);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *loop_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    static char *names[] = {"commands", "words", "told", "before", "keeping", "after", NULL};
    int commands;
    PyObject *words, *told, *before, *keeping, *after;
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "iO!SYYY", names, &commands, &PyTuple_Type, &words, &told,
                                     &before, &keeping, &after))
        return NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(words); i++)
        if (!PyBytes_Check(PyTuple_GET_ITEM(words, i)))
            return PyErr_Format(PyExc_TypeError, "not bytes");
    if (call_count(keeping) < KEPT)
        return PyErr_Format(PyExc_ValueError, "a child keeps %d descriptors", (int)KEPT);
    Loop *self = (Loop *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->commands = commands;
    self->words = Py_NewRef(words);
    self->told = Py_NewRef(told);
    self->before = Py_NewRef(before);
    self->keeping = Py_NewRef(keeping);
    self->after = Py_NewRef(after);
    if (!have_room(self)) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    self->polled[0] = (struct pollfd){commands, POLLIN, 0};
    return (PyObject *)self;
}

static PyMethodDef methods[] = {
    {"wait", (PyCFunction)loop_wait, METH_NOARGS,
     "wait(): fork and bury, until there is something else to do.\n\n"
     "@return: in a child: the number of the word that it is for; in the template, None: there is a command that is\n"
     "    not one of the words, or could not be obeyed, or the server is gone.\n"
     "@raise OSError: the server is gone, or it is not known any more where children are forked."},
    {"adopt", (PyCFunction)loop_adopt, METH_VARARGS,
     "adopt(pid, pidfd, ended): bury this child as well, when it has ended."},
    {"give_up", (PyCFunction)loop_give_up, METH_NOARGS,
     "give_up(): bury no child any more; return the pid, pidfd and ended of each that has not been buried."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "cpyrender.child._loop.Loop",
    .tp_doc = "Loop(commands, words, told, before, keeping, after): see loop.py.",
    .tp_basicsize = sizeof(Loop),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = loop_new,
    .tp_dealloc = (destructor)loop_dealloc,
    .tp_methods = methods,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_loop", .m_doc = "A template's loop.", .m_size = -1,
};

PyMODINIT_FUNC PyInit__loop(void)
{
    if (PyType_Ready(&type) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddObjectRef(module, "Loop", (PyObject *)&type) < 0)
        Py_CLEAR(module);
    return module;
}
