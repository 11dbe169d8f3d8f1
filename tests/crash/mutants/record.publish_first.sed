# The stamp is stored first, and the copy that it names is filled after it.
/^[A-Za-z].* edit_commit(/,/^}/ {
	/^\tedit_fill(edit);/d
	/store_release(&head->stamp/a\
	edit_fill(edit);
}
