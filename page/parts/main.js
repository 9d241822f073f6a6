/* main.js: the page that the document asks for. */

const PAGES = { policies: PoliciesPage, curves: CurvesPage, images: ImagesPage };

const data = readData();
new PAGES[data.kind](data, document.getElementById('page'));
