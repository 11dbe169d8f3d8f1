# A new record is said to be there before it is in its chains.
/^[A-Za-z].* tenant_commit(/,/^}/ {
	/store_release(&head->stamp/d
	/^\tindex_link_owner(board, slot);/i\
	store_release(&head->stamp, stamp_make(generation, 0, SLOT_LIVE));
}
