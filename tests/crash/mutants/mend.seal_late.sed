# Who mends a record after a death leaves the seal of an unfinished end on it.
/^void mend_record(/,/^}/ s/and_relaxed(&body->work, ~WORK_SEAL)/(void)body/
