/** Starts the office's console. */
document.title = "PeakPro CRM";
