"use strict";

// The link's fragment is the code, which no server sees. It is taken from the address bar and the history.
const code = location.hash.slice(1);
if (code) {
  document.querySelector("#token").value = code;
  document.querySelector(".field").hidden = true;
  document.querySelector(".ready").hidden = false;
  history.replaceState(null, "", location.pathname + location.search);
}
