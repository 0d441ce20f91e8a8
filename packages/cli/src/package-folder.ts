/** The folder of this package: one above the sources, the compiled files and the bundle alike. */
export const PACKAGE_FOLDER: URL = new URL('../', import.meta.url)
