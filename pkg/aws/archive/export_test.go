package archive

// SetPageSize makes listings so small that paging is tested.
func (a *Archive) SetPageSize(n int32) { a.objects.pageSize = &n }
