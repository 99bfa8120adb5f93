/*
 * array.h
 *		The inside of an array.
 *
 * Design notes. An array is one piece of memory that belongs to the result it is from. It keeps each element
 * as a datum would be: in binary those that are no text stay where they are in the result, all others are
 * copied, for the NUL behind them. One made by hand has a result to itself, and its elements in text.
 */
#ifndef AIODAL_SRC_ARRAY_H
#define AIODAL_SRC_ARRAY_H

#include "array_form.h"
#include "datum.h"

struct aiodal_array
{
	aiodal__array_form form;
	bool owned;           /* alone in its result */
	aiodal__datum origin; /* what elements have in common */
	aiodal__item items[];
};

#endif /* AIODAL_SRC_ARRAY_H */
