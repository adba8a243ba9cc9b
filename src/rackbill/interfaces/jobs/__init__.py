"""The clock's door: what runs because of the time, and the files and messages it makes."""
