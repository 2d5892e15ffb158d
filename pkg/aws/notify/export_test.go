package notify

// Turns has what the reader is to do, by action and reason.
var Turns = turns

// Columns is how long a line of a mail is.
const Columns = columns
