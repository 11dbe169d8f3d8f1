/* SPDX-License-Identifier: MIT */
/* The web page, "/", and its files. */
#ifndef TRACKD_HTTP_OPS_ASSETS_H
#define TRACKD_HTTP_OPS_ASSETS_H

#include "tools/trackd-http/server/request.h"

/* X(symbol, file in page/, type) */
#define ASSETS(X)                                                                                  \
	X(announce, "announce.js", ASSET_SCRIPT)                                                   \
	X(api, "api.js", ASSET_SCRIPT)                                                             \
	X(bar, "bar.js", ASSET_SCRIPT)                                                             \
	X(card, "card.js", ASSET_SCRIPT)                                                           \
	X(dom, "dom.js", ASSET_SCRIPT)                                                             \
	X(drop, "drop.js", ASSET_SCRIPT)                                                           \
	X(feed, "feed.js", ASSET_SCRIPT)                                                           \
	X(history, "history.js", ASSET_SCRIPT)                                                     \
	X(icon, "icon.svg", "image/svg+xml")                                                       \
	X(main, "main.js", ASSET_SCRIPT)                                                           \
	X(model, "model.js", ASSET_SCRIPT)                                                         \
	X(notes, "notes.js", ASSET_SCRIPT)                                                         \
	X(row, "row.js", ASSET_SCRIPT)                                                             \
	X(session, "session.js", ASSET_SCRIPT)                                                     \
	X(stepper, "stepper.js", ASSET_SCRIPT)                                                     \
	X(stream, "stream.js", ASSET_SCRIPT)                                                       \
	X(style, "style.css", "text/css; charset=utf-8")                                           \
	X(tabs, "tabs.js", ASSET_SCRIPT)                                                           \
	X(uploads, "uploads.js", ASSET_SCRIPT)                                                     \
	X(view, "view.js", ASSET_SCRIPT)                                                           \
	X(words, "words.js", ASSET_SCRIPT)

#define ASSET_SCRIPT "text/javascript; charset=utf-8"

/* Routes: the page, and /page/{version}/FILE. */
#define ASSETS_PREFIX "/page/{id}/"
enum MHD_Result assets_begin_page(struct request *request);
enum MHD_Result assets_begin_file(struct request *request);

#endif
