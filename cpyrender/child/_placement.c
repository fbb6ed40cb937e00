/* Where Python's objects are put, and which of them scripts write to: see placement.py, which is what uses this.
 *
 * Two things are here. One is a layer over Python's allocators (PyMem_SetAllocator) that gives each allocation a name,
 * the same in each process that does the same, and puts those with certain names into zones of their own. The other
 * takes note of what a process writes to: its memory is made read-only, and each write is met by a handler of SIGSEGV,
 * which opens the page, and closes an earlier one. The names of what was written to are what the next process puts
 * together.
 *
 * Placement is a matter of speed alone: a name that is wrong puts something into a zone, or leaves it out.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GRAIN 16               /* bytes: what malloc(3) and Python align to */
#define PAGE 4096
#define LARGEST 4096           /* bytes: of what is larger, scripts write to a small part */
#define ZONES 4                /* at most; a power of two */
#define ZONE_SIZE (4 << 20)    /* bytes of address space; memory is taken as it is used */
#define DEEPEST 256            /* modules that import each other */
#define MOST_LIVE (1 << 21)    /* allocations taken note of; a power of two */
#define OPEN_AT_ONCE 4         /* pages that are writable while writes are noted; with one, system calls would fail */
#define ENOUGH 64              /* writes in turn to a page that tell nothing new */

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static uint64_t mixed(uint64_t bits)
{
    /* So that all bits of what comes out depend on all that went in; the finalizer of MurmurHash3. */
    bits = (bits ^ bits >> 33) * 0xff51afd7ed558ccdULL;
    bits = (bits ^ bits >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return bits ^ bits >> 33;
}

/* Names: an allocation is the so-many-eth of its size within its scope, which is the run of a module, or a step. */

typedef struct {
    uint64_t name;
    uint32_t count[LARGEST + 2]; /* by size; what is larger than all of them comes last */
} Scope;

static Scope *scopes;
static int depth;

static uint64_t next_name(size_t size)
{
    size_t kind = size <= LARGEST ? size : LARGEST + 1;
    uint64_t name = mixed(scopes[depth].name + ((uint64_t)kind << 32) + scopes[depth].count[kind]++);
    return name >= ZONES ? name : ZONES;
}

/* Placing: what has one of these names lies in a zone, for ever. */

static uint64_t *wanted;       /* a hash table of names, in whose lowest bits is the zone */
static uint32_t wanted_mask;
static char *zones, *zones_end, *next_place[ZONES];
static uint16_t *sizes;        /* of what begins at a place, in grains */

static int in_zones(const void *place)
{
    return (const char *)place >= zones && (const char *)place < zones_end;
}

static uint16_t *size_of(const void *place)
{
    return &sizes[((const char *)place - zones) / GRAIN];
}

static void *place(uint64_t name, size_t size)
{
    if (wanted == NULL || size > LARGEST)
        return NULL;
    for (uint32_t at = (uint32_t)(name >> 32) & wanted_mask; wanted[at]; at = (at + 1) & wanted_mask) {
        if ((wanted[at] ^ name) >= ZONES)
            continue;
        int zone = (int)(wanted[at] & (ZONES - 1));
        size_t grains = size ? (size + GRAIN - 1) / GRAIN : 1;
        char *here = next_place[zone];
        if (here + grains * GRAIN > zones + (zone + 1) * (size_t)ZONE_SIZE)
            return NULL;
        next_place[zone] = here + grains * GRAIN;
        *size_of(here) = (uint16_t)grains;
        return here;
    }
    return NULL;
}

/* Recording: what is allocated, and under which name. */

typedef struct {
    uintptr_t start;
    uint32_t size;
    uint64_t name;
} Allocation;

static Allocation *live;       /* a hash table; a start of 0 is an empty place */
static size_t live_count;

static size_t home(uintptr_t start)
{
    return mixed(start) & (MOST_LIVE - 1);
}

static Allocation *find(uintptr_t start)
{
    size_t at = home(start);
    while (live[at].start && live[at].start != start)
        at = (at + 1) & (MOST_LIVE - 1);
    return &live[at];
}

static void remember(void *start, size_t size, uint64_t name)
{
    if (live == NULL || start == NULL || size > LARGEST || live_count > MOST_LIVE / 2)
        return;
    Allocation *it = find((uintptr_t)start);
    live_count += it->start == 0;
    *it = (Allocation){(uintptr_t)start, (uint32_t)size, name};
}

static void forget(void *start)
{
    if (live == NULL || start == NULL)
        return;
    Allocation *gap = find((uintptr_t)start);
    if (gap->start == 0)
        return;
    live_count--;
    /* Whatever would not be found any more behind a gap moves into it. */
    for (Allocation *next = gap;;) {
        next = next + 1 == live + MOST_LIVE ? live : next + 1;
        if (next->start == 0)
            break;
        size_t from_home = (size_t)(next - live - (ptrdiff_t)home(next->start)) & (MOST_LIVE - 1);
        size_t from_gap = (size_t)(next - gap) & (MOST_LIVE - 1);
        if (from_home >= from_gap) {
            *gap = *next;
            gap = next;
        }
    }
    gap->start = 0;
}

/* The layer over the allocators of a domain; the context of each is the allocator below it. */

static PyMemAllocatorEx below_objects, below_memory;

static void *layer_malloc(void *context, size_t size)
{
    PyMemAllocatorEx *below = context;
    uint64_t name = next_name(size);
    void *made = place(name, size);
    if (made == NULL) {
        made = below->malloc(below->ctx, size);
        remember(made, size, name);
    }
    return made;
}

static void *layer_calloc(void *context, size_t count, size_t size)
{
    PyMemAllocatorEx *below = context;
    size_t whole = count && size > SIZE_MAX / count ? SIZE_MAX : count * size;
    uint64_t name = next_name(whole);
    void *made = place(name, whole);
    if (made != NULL)
        /* Nothing has been there before: it is zeros. */
        return made;
    made = below->calloc(below->ctx, count, size);
    remember(made, whole, name);
    return made;
}

static void *moved_out(PyMemAllocatorEx *below, void *old, size_t size)
{
    size_t had = (size_t)*size_of(old) * GRAIN;
    if (size <= had)
        return old;
    void *made = below->malloc(below->ctx, size);
    if (made != NULL)
        memcpy(made, old, had);
    return made;
}

static void *layer_realloc(void *context, void *old, size_t size)
{
    PyMemAllocatorEx *below = context;
    uint64_t name = next_name(size);
    if (old != NULL && in_zones(old))
        return moved_out(below, old, size);
    void *made = old == NULL ? place(name, size) : NULL;
    if (made == NULL) {
        made = below->realloc(below->ctx, old, size);
        if (made != NULL) {
            forget(old);
            remember(made, size, name);
        }
    }
    return made;
}

static void layer_free(void *context, void *old)
{
    PyMemAllocatorEx *below = context;
    if (in_zones(old))
        return;
    forget(old);
    below->free(below->ctx, old);
}

/* What is left of the layer once all has its place: what lies in a zone must not reach the allocators below. */

#define SETTLED(domain) \
    static void *settled_realloc_of_##domain(void *context, void *old, size_t size) \
    { \
        return old != NULL && in_zones(old) ? moved_out(&below_##domain, old, size) \
                                            : below_##domain.realloc(context, old, size); \
    } \
    static void settled_free_of_##domain(void *context, void *old) \
    { \
        if (!in_zones(old)) \
            below_##domain.free(context, old); \
    }

SETTLED(objects)
SETTLED(memory)

/* Return a table of all names with their zones; NULL: there is no room for it. */
static uint64_t *table_of(const Py_buffer *names, int groups)
{
    size_t count = 0, places = 64;
    for (int zone = 0; zone < groups; zone++)
        count += (size_t)names[zone].len / sizeof(uint64_t);
    while (places < count * 4)
        places *= 2;
    uint64_t *table = map(places * sizeof(uint64_t));
    wanted_mask = (uint32_t)places - 1;
    for (int zone = 0; table != NULL && zone < groups; zone++)
        for (size_t i = 0; i < (size_t)names[zone].len / sizeof(uint64_t); i++) {
            uint64_t name;
            memcpy(&name, (char *)names[zone].buf + i * sizeof name, sizeof name);
            uint32_t at = (uint32_t)(name >> 32) & wanted_mask;
            while (table[at])
                at = (at + 1) & wanted_mask;
            table[at] = (name & ~(uint64_t)(ZONES - 1)) | (uint64_t)zone;
        }
    return table;
}

static int make_zones(const Py_buffer *names, int groups)
{
    zones = map(ZONES * (size_t)ZONE_SIZE);
    sizes = map(ZONES * (size_t)ZONE_SIZE / GRAIN * sizeof(uint16_t));
    uint64_t *table = table_of(names, groups);
    if (zones == NULL || sizes == NULL || table == NULL)
        return 0;
    zones_end = zones + ZONES * (size_t)ZONE_SIZE;
    /* Of a huge page, each child would first have to split its own. */
    madvise(zones, ZONES * (size_t)ZONE_SIZE, MADV_NOHUGEPAGE);
    for (int zone = 0; zone < ZONES; zone++)
        next_place[zone] = zones + zone * (size_t)ZONE_SIZE;
    wanted = table;
    return 1;
}

PyDoc_STRVAR(begin_doc,
"begin(*names)\n--\n\n"
"Give names to all allocations from now on.\n\n"
"@param names: for each zone, the names of those that are to lie in it, as of L{written}. Where there are no zones,\n"
"    allocations are recorded instead.\n"
"@raise MemoryError: there is no room for that.\n"
"@raise RuntimeError: it has begun before.");

static PyObject *begin(PyObject *module, PyObject *arguments)
{
    Py_buffer names[ZONES];
    if (scopes != NULL || live != NULL || zones != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "it has begun before");
        return NULL;
    }
    memset(names, 0, sizeof names);
    if (!PyArg_ParseTuple(arguments, "|y*y*y*y*", &names[0], &names[1], &names[2], &names[3]))
        return NULL;
    int groups = (int)PyTuple_GET_SIZE(arguments);
    scopes = map(DEEPEST * sizeof(Scope));
    int ready = scopes != NULL;
    if (ready && groups)
        ready = make_zones(names, groups);
    else if (ready)
        ready = (live = map(MOST_LIVE * sizeof(Allocation))) != NULL;
    for (int zone = 0; zone < groups; zone++)
        PyBuffer_Release(&names[zone]);
    if (!ready)
        return PyErr_NoMemory();
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &below_objects);
    PyMem_GetAllocator(PYMEM_DOMAIN_MEM, &below_memory);
    PyMemAllocatorEx layer = {&below_objects, layer_malloc, layer_calloc, layer_realloc, layer_free};
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &layer);
    layer.ctx = &below_memory;
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &layer);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(enter_doc,
"enter(name)\n--\n\n"
"Begin a scope: what is allocated until L{leave} has its names from this one's.\n\n"
"@raise RecursionError: there are too many scopes within each other.");

static PyObject *enter(PyObject *module, PyObject *name)
{
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(name, &length);
    if (text == NULL)
        return NULL;
    if (scopes == NULL || depth + 1 == DEEPEST) {
        PyErr_SetString(PyExc_RecursionError, "there can be no further scope");
        return NULL;
    }
    uint64_t bits = (uint64_t)length;
    for (Py_ssize_t i = 0; i < length; i++)
        bits = mixed(bits ^ (unsigned char)text[i]);
    depth++;
    memset(&scopes[depth], 0, sizeof(Scope));
    scopes[depth].name = bits;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(leave_doc, "leave()\n--\n\nGo back to the scope in which the last one was entered.");

static PyObject *leave(PyObject *module, PyObject *nothing)
{
    depth -= depth > 0;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(settle_doc,
"settle()\n--\n\n"
"Give no more names, and place or record nothing any more; what has been placed stays.\n\n"
"@return: how many bytes of each zone are in use.");

static PyObject *settle(PyObject *module, PyObject *nothing)
{
    if (scopes != NULL) {
        PyMemAllocatorEx objects = below_objects, memory = below_memory;
        if (zones != NULL) {
            objects.realloc = settled_realloc_of_objects;
            objects.free = settled_free_of_objects;
            memory.realloc = settled_realloc_of_memory;
            memory.free = settled_free_of_memory;
        }
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &objects);
        PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &memory);
        munmap(scopes, DEEPEST * sizeof(Scope));
        scopes = NULL;
        depth = 0;
    }
    if (wanted != NULL) {
        munmap(wanted, (wanted_mask + (size_t)1) * sizeof(uint64_t));
        wanted = NULL;
    }
    Py_ssize_t used[ZONES] = {0};
    for (int zone = 0; zones != NULL && zone < ZONES; zone++)
        used[zone] = next_place[zone] - (zones + zone * (size_t)ZONE_SIZE);
    return Py_BuildValue("nnnn", used[0], used[1], used[2], used[3]);
}

/* Taking note of writes. */

typedef struct {
    uintptr_t start;
    uint64_t written[PAGE / GRAIN / 64];
    int in_vain;               /* writes in turn that told nothing new */
} Page;

static Page *pages;
static size_t page_count;
static Page *open_pages[OPEN_AT_ONCE];
static int next_to_close;
static char handlers_stack[1 << 16];

static Page *page_of(uintptr_t address)
{
    size_t low = 0, high = page_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (pages[middle].start + PAGE <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < page_count && pages[low].start <= address ? &pages[low] : NULL;
}

static void on_write(int number, siginfo_t *what, void *context)
{
    uintptr_t address = (uintptr_t)what->si_addr;
    Page *page = page_of(address);
    if (page == NULL || mprotect((void *)page->start, PAGE, PROT_READ | PROT_WRITE) < 0) {
        /* Not ours: it happens again, and ends this process. */
        signal(number, SIG_DFL);
        return;
    }
    size_t grain = (address - page->start) / GRAIN;
    uint64_t bit = 1ULL << grain % 64;
    page->in_vain = page->written[grain / 64] & bit ? page->in_vain + 1 : 0;
    page->written[grain / 64] |= bit;
    if (page->in_vain >= ENOUGH)
        return;                /* it stays open: all is known of it */
    Page **place = &open_pages[next_to_close];
    if (*place != NULL)
        mprotect((void *)(*place)->start, PAGE, PROT_READ);
    *place = page;
    next_to_close = (next_to_close + 1) % OPEN_AT_ONCE;
}

/* What is made while writes are noted lies aside, and on no page that is read-only: the kernel may have to write to it,
   and no handler would meet that, but the system call would fail. Blocks have sizes that are powers of two. */

#define SMALLEST 5             /* the size's logarithm, of a block with its head */
#define LARGEST_SHARED 16      /* likewise; what is larger has a mapping of its own */
#define ASIDE_AT_ONCE (4 << 20)

typedef struct {
    uint64_t mark;             /* no other allocation has it before it */
    uint64_t kind;             /* the logarithm of its size */
} Head;

static PyMemAllocatorEx below_aside[3];
static char *aside, *aside_end;
static void *given_back[LARGEST_SHARED + 1];

static Head *head_of(void *block)
{
    Head *head = (Head *)block - 1;
    return block != NULL && head->mark == mixed((uintptr_t)block) ? head : NULL;
}

static char *room_aside(size_t size)
{
    if (size > (size_t)1 << LARGEST_SHARED)
        return map(size);
    if ((size_t)(aside_end - aside) < size) {
        aside = map(ASIDE_AT_ONCE);
        aside_end = aside == NULL ? NULL : aside + ASIDE_AT_ONCE;
    }
    char *room = aside;
    if (room != NULL)
        aside += size;
    return room;
}

static void *aside_malloc(void *context, size_t size)
{
    PyMemAllocatorEx *below = context;
    if (pages == NULL)
        return below->malloc(below->ctx, size);
    size_t kind = SMALLEST;
    while (kind < 63 && (size_t)1 << kind < size + sizeof(Head))
        kind++;
    if (kind <= LARGEST_SHARED && given_back[kind] != NULL) {
        void *block = given_back[kind];
        memcpy(&given_back[kind], block, sizeof block);
        return block;
    }
    Head *head = (Head *)room_aside((size_t)1 << kind);
    if (head == NULL)
        return NULL;
    *head = (Head){mixed((uintptr_t)(head + 1)), kind};
    return head + 1;
}

static void *aside_calloc(void *context, size_t count, size_t size)
{
    PyMemAllocatorEx *below = context;
    if (pages == NULL)
        return below->calloc(below->ctx, count, size);
    if (count && size > SIZE_MAX / count)
        return NULL;
    void *block = aside_malloc(context, count * size);
    return block == NULL ? NULL : memset(block, 0, count * size);
}

static void aside_free(void *context, void *block)
{
    PyMemAllocatorEx *below = context;
    Head *head = head_of(block);
    if (head == NULL)
        below->free(below->ctx, block);
    else if (head->kind > LARGEST_SHARED)
        munmap(head, (size_t)1 << head->kind);
    else {
        memcpy(block, &given_back[head->kind], sizeof block);
        given_back[head->kind] = block;
    }
}

static void *aside_realloc(void *context, void *block, size_t size)
{
    PyMemAllocatorEx *below = context;
    Head *head = head_of(block);
    if (head == NULL)
        return block == NULL ? aside_malloc(context, size) : below->realloc(below->ctx, block, size);
    size_t had = ((size_t)1 << head->kind) - sizeof(Head);
    if (size <= had)
        return block;
    void *made = aside_malloc(context, size);
    if (made != NULL) {
        memcpy(made, block, had);
        aside_free(context, block);
    }
    return made;
}

static void begin_aside(void)
{
    static const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
    if (below_aside[0].malloc != NULL)
        return;                /* it is there from an earlier time */
    for (int i = 0; i < 3; i++) {
        PyMem_GetAllocator(domains[i], &below_aside[i]);
        PyMemAllocatorEx layer = {&below_aside[i], aside_malloc, aside_calloc, aside_realloc, aside_free};
        PyMem_SetAllocator(domains[i], &layer);
    }
}

static int by_address(const void *one, const void *other)
{
    uintptr_t a = *(const uintptr_t *)one, b = *(const uintptr_t *)other;
    return (a > b) - (a < b);
}

PyDoc_STRVAR(watch_doc,
"watch()\n--\n\n"
"Take note from now on of which recorded allocations this process writes to. It has to have one thread.\n\n"
"@raise RuntimeError: nothing has been recorded.\n"
"@raise OSError: memory cannot be made read-only.");

static PyObject *watch(PyObject *module, PyObject *nothing)
{
    if (live == NULL || pages != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "nothing has been recorded, or writes are taken note of already");
        return NULL;
    }
    size_t most = 2 * live_count, found = 0, distinct = 0;
    uintptr_t *starts = map((most + 1) * sizeof(uintptr_t));
    if (starts == NULL)
        return PyErr_NoMemory();
    for (size_t at = 0; at < MOST_LIVE; at++)
        if (live[at].start) {
            starts[found++] = live[at].start / PAGE * PAGE;
            starts[found++] = (live[at].start + live[at].size - (live[at].size > 0)) / PAGE * PAGE;
        }
    qsort(starts, found, sizeof(uintptr_t), by_address);
    for (size_t at = 0; at < found; at++)
        if (at == 0 || starts[at] != starts[at - 1])
            starts[distinct++] = starts[at];
    pages = map((distinct + 1) * sizeof(Page));
    for (page_count = 0; pages != NULL && page_count < distinct; page_count++)
        pages[page_count].start = starts[page_count];
    munmap(starts, (most + 1) * sizeof(uintptr_t));
    if (pages == NULL)
        return PyErr_NoMemory();
    stack_t stack = {.ss_sp = handlers_stack, .ss_size = sizeof handlers_stack};
    struct sigaction action = {.sa_sigaction = on_write, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    if (sigaltstack(&stack, NULL) < 0 || sigaction(SIGSEGV, &action, NULL) < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    for (size_t first = 0, after; first < page_count; first = after) {
        for (after = first + 1; after < page_count && pages[after].start == pages[after - 1].start + PAGE; after++)
            ;
        if (mprotect((void *)pages[first].start, (after - first) * PAGE, PROT_READ) < 0)
            return PyErr_SetFromErrno(PyExc_OSError);
    }
    begin_aside();
    Py_RETURN_NONE;
}

static Allocation *around(uintptr_t address)
{
    for (uintptr_t start = address; address - start < LARGEST; start -= GRAIN) {
        Allocation *it = find(start);
        if (it->start)
            return start + it->size > address ? it : NULL;
    }
    return NULL;
}

PyDoc_STRVAR(written_doc,
"written()\n--\n\n"
"Take no more note of writes, and return the names of what has been written to.\n\n"
"@return: 64 bits each, as this machine writes numbers, in no order, and some of them more than once.");

static PyObject *written(PyObject *module, PyObject *nothing)
{
    size_t count = 0;
    for (size_t at = 0; at < page_count; at++) {
        mprotect((void *)pages[at].start, PAGE, PROT_READ | PROT_WRITE);
        for (int word = 0; word < PAGE / GRAIN / 64; word++)
            count += (size_t)__builtin_popcountll(pages[at].written[word]);
    }
    uint64_t *names = map((count + 1) * sizeof(uint64_t));
    if (names == NULL)
        return PyErr_NoMemory();
    size_t found = 0;
    for (size_t at = 0; at < page_count; at++)
        for (size_t grain = 0; grain < PAGE / GRAIN; grain++) {
            if (!(pages[at].written[grain / 64] >> grain % 64 & 1))
                continue;
            Allocation *it = around(pages[at].start + grain * GRAIN);
            if (it != NULL && (found == 0 || names[found - 1] != it->name))
                names[found++] = it->name;
        }
    munmap(pages, (page_count + 1) * sizeof(Page));
    pages = NULL;
    page_count = 0;
    memset(open_pages, 0, sizeof open_pages);
    PyObject *result = PyBytes_FromStringAndSize((char *)names, (Py_ssize_t)(found * sizeof(uint64_t)));
    munmap(names, (count + 1) * sizeof(uint64_t));
    return result;
}

static PyMethodDef functions[] = {
    {"begin", begin, METH_VARARGS, begin_doc},
    {"enter", enter, METH_O, enter_doc},
    {"leave", leave, METH_NOARGS, leave_doc},
    {"settle", settle, METH_NOARGS, settle_doc},
    {"watch", watch, METH_NOARGS, watch_doc},
    {"written", written, METH_NOARGS, written_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_placement",
    .m_doc = "A layer over Python's allocators; see cpyrender.child.placement.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__placement(void)
{
#ifdef Py_GIL_DISABLED
    PyErr_SetString(PyExc_ImportError, "a Python without a global lock has allocators of its own");
    return NULL;
#else
    return PyModule_Create(&definition);
#endif
}
