// The runtime stays when this returns: the page calls (Runner).
return;
