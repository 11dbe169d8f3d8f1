# Who is told of a death does not mark the mutex consistent.
s/(void)pthread_mutex_consistent(native(mutex));//
