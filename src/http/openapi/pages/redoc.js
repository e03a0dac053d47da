const page = document.getElementById("page");
Redoc.init(page.dataset.document, { hideDownloadButton: false, nativeScrollbars: true }, page);
