# A result is written after the commit that says that there is one.
/^static void write_error(/,/^}/ {
	s/^\ttext_store(.*/\t(void)length;/
}
/^static void finish_held(/,/^}/ {
	/^\tend_event(/a\
	if (end->error)\
		text_store(edit->board->details[edit->slot].error, end->error, strnlen(end->error, TRACKD_ERROR_MAX));
}
