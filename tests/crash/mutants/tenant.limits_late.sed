# A new record says that it has limits before they are stored.
/^static void fill_new(/,/^}/ s/limits_store(detail, task->within)/(task->within.start | task->within.progress | task->within.finish ? COPY_LIMITS : 0)/
/^static int insert(/,/^}/ {
	/commit(board, &stripes, slot, generation, next_serial(board));/a\
	(void)limits_store(\&board->details[slot], task->within);
}
