// The answer for an application is a form that posts itself (OAuth 2.0 Form Post Response Mode).
"use strict";

document.forms[0].submit();
