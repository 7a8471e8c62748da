/* The operators that ONNX has and netc does not, and why. */
#include "missing.h"

#include <stddef.h>
#include <string.h>

#define MAPS "maps are not values of a network here"

#define ML "ai.onnx.ml"

const MissingOp missing_ops[] = {
    {"", "ImageDecoder",
     "it decodes JPEG, PNG, TIFF and other files: that is for an image library, before the "
     "network"},
    {ML, "CastMap", MAPS},
    {ML, "DictVectorizer", MAPS},
    {ML, "SVMClassifier", "support vector machines have no definition here"},
    {ML, "SVMRegressor", "support vector machines have no definition here"},
    {ML, "TreeEnsembleClassifier",
     "of the ensembles of trees only the regressors have a definition"},
    {ML, "ZipMap", MAPS},
    {0},
};

const MissingOp *missing_find(const char *domain, const char *name)
{
    for (const MissingOp *m = missing_ops; m->name; m++)
        if (strcmp(m->domain, domain) == 0 && strcmp(m->name, name) == 0) return m;
    return NULL;
}
