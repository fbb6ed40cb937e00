/* Several calls of the C library made in one go: see calls.py. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "_calls.h"

static PyObject *make(PyObject *module, PyObject *packed)
{
    if (!PyByteArray_Check(packed))
        return PyErr_Format(PyExc_TypeError, "not a bytearray");
    /* No buffer is asked for: that would count who uses it, and so write to the memory that it describes. */
    const struct call *calls = (const struct call *)PyByteArray_AS_STRING(packed);
    size_t count = (size_t)PyByteArray_GET_SIZE(packed) / sizeof *calls, made = make_calls(calls, count);
    if (made < count)
        return Py_BuildValue("ni", (Py_ssize_t)made, errno);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"make", make, METH_O,
     "make(packed): make calls, each an address and six arguments of 64 bits, up to the first that fails.\n\n"
     "@return: the number of that, and the reason, as in errno(3); None: none fails."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_calls", .m_doc = "Several calls made in one go.", .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__calls(void)
{
    return PyModule_Create(&definition);
}
