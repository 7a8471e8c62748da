/*
 * Every diagnostic code with its title, in order. Adding a diagnostic adds a row; using a code
 * without one is an assertion failure in diag.c. E01xx reading files, E02xx shapes and types, E03xx
 * operators and attributes, E04xx .net syntax and names, E05xx weights, E06xx not supported by code
 * generation, W0xxx warnings.
 */
#include "diag_codes.h"

#include <stdio.h>
#include <string.h>

const DiagCode diag_codes[] = {
    {"E0101", "the file cannot be read"},
    {"E0102", "the file is not of a kind that can be read"},
    {"E0103", "the file is damaged"},
    {"E0104", "a tensor's data does not fit its type"},
    {"E0105", "external data cannot be used"},
    {"E0106", "the model's versions are missing or contradictory"},
    {"E0107", "a name is missing or defined twice"},
    {"E0108", "a value is read that nothing defines"},
    {"E0109", "nodes read each other's values in a cycle"},
    {"E0110", "a function of the model cannot be used"},
    {"E0111", "a node is incomplete"},
    {"E0112", "a declared type cannot be used"},
    {"E0113", "the model is too large or nested too deeply"},
    {"E0121", "the .npy file cannot be used"},
    {"E0122", "the .npz file cannot be used"},
    {"E0123", "the .safetensors file cannot be used"},
    {"E0124", "the data file holds something else than a tensor"},
    {"E0125", "the format cannot hold the tensor"},
    {"E0131", "an input cannot be baked"},
    {"E0201", "shapes do not agree"},
    {"E0202", "element types do not agree"},
    {"E0203", "a tensor has the wrong rank"},
    {"E0204", "an axis is out of range"},
    {"E0205", "a dimension is negative or the tensor is too large"},
    {"E0206", "a value must be known at compile time"},
    {"E0207", "the inferred shape is not the declared one"},
    {"E0208", "a dimension has no size"},
    {"E0209", "a window is larger than its padded input"},
    {"E0210", "channels do not fit weights or groups"},
    {"E0211", "the inner dimensions of a product differ"},
    {"E0212", "a reshape changes the number of elements"},
    {"E0213", "a constant index is out of range"},
    {"E0301", "unknown or unsupported operator"},
    {"E0302", "unknown attribute"},
    {"E0303", "a required attribute is missing"},
    {"E0304", "an attribute has the wrong kind"},
    {"E0305", "wrong number of inputs or outputs"},
    {"E0306", "an attribute has a value out of range"},
    {"E0307", "an operator is not in this version of its operator set"},
    {"E0308", "an operator cannot be inferred"},
    {"E0309", "a loop cannot be unrolled"},
    {"E0310", "an operator cannot take a shape that depends on data"},
    {"E0311", "an output's name is needed for a shape"},
    {"E0401", "syntax error"},
    {"E0402", "a character or literal is not part of the language"},
    {"E0403", "unknown name"},
    {"E0404", "a name is defined twice"},
    {"E0405", "unknown layer or function"},
    {"E0406", "wrong arguments"},
    {"E0407", "an expression has the wrong kind"},
    {"E0408", "integer arithmetic fails"},
    {"E0409", "an assertion of the file does not hold"},
    {"E0410", "nested too deeply or expanded too far"},
    {"E0411", "an output is missing"},
    {"E0412", "a layer does not fit its input"},
    {"E0413", "a literal has the wrong shape or value"},
    {"E0414", "a block returns nothing or calls itself"},
    {"E0415", "the file has no net"},
    {"E0416", "an imported file cannot be found"},
    {"E0417", "files import each other in a cycle"},
    {"E0501", "the weights cannot be read"},
    {"E0502", "weights are missing"},
    {"E0503", "a weight has the wrong shape or type"},
    {"E0504", "weights are given twice"},
    {"E0601", "no code can be generated for an operator"},
    {"E0602", "no code can be generated for an element type"},
    {"E0603", "the network is too large"},
    {"W0001", "a value is never used"},
    {"W0002", "a tensor of the weights is not used"},
    {"W0003", "an option names nothing in the net"},
    {"W0004", "the file of the weights is not there"},
    {"W0005", "the model is newer than netc"},
    {"W0006", "the model declares other shapes than its tensors have"},
    {"W0007", "a name hides another"},
    {"W0008", "a stride leaves a part of the input out"},
    {"W0009", "`same` cannot pad an even kernel evenly"},
    {"W0010", "an output depends on no input"},
    {"W0011", "a weight cannot be stored in 2 bytes an element"},
    {NULL, NULL},
};

const DiagCode *diag_code_find(const char *code)
{
    for (const DiagCode *row = diag_codes; row->code; row++)
        if (!strcmp(row->code, code)) return row;
    return NULL;
}

const CarriedFile *diag_code_page(const char *code)
{
    char name[16];
    snprintf(name, sizeof name, "%s.md", code);
    return carried_get(explain_files, name);
}
