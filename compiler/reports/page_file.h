/* The files of page/, by name. */
#ifndef NETC_PAGE_FILE_H
#define NETC_PAGE_FILE_H

#include "carried_files.h"

const CarriedFile *page_file(const char *name); /* asserts that it is there */

#endif
