/** Removes what the fixture has of Storage: rows alone, as a superuser. */
export const emptyStorage = "SET storage.allow_delete_query = 'true'; TRUNCATE storage.objects; DELETE FROM storage.buckets";
