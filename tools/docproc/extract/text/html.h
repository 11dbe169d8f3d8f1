/* SPDX-License-Identifier: MIT */
/* The text of HTML embedded in Markdown. */
#ifndef DOCPROC_HTML_H
#define DOCPROC_HTML_H

#include "tools/docproc/document/strbuf.h"

/* Append the text without tags, scripts, styles and comments. html: UTF-8. 0 or -ENOMEM. */
int html_text(const char *html, size_t size, struct strbuf *text);

#endif
