/** What programs print of a disk, or a quota, that is full: strerror(3) of ENOSPC and EDQUOT. */
export const noRoomMessage = /No space left on device|Disk quota exceeded/;
