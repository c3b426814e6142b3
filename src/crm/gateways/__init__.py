"""Every way out of the process. Answers become data, or Unavailable | Refused | Disconnected by code."""
