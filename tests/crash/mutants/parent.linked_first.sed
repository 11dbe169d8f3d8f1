# A child is linked before its parent is checked.
/^int parent_admit(/,/^}/ {
	/^\terror = check_parent(/i\
	family_enter(board, child, parent, 1);\
	store_relaxed(&board->families[child].next, load_relaxed(&board->families[parent.slot].first));\
	store_release(&board->families[parent.slot].first, child + 1);
}
