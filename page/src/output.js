/** One thing that a script has made: { name, media_type, width, height, data (base64) } as a Blob with what is known. */
export class Output {
  constructor(told, index, count) {
    this.name = told.name || "";
    this.mediaType = told.media_type;
    this.width = told.width;
    this.height = told.height;
    this.index = index;
    this.count = count;
    const bytes = Uint8Array.from(atob(told.data), (char) => char.charCodeAt(0));
    this.blob = new Blob([bytes], { type: this.mediaType });
  }

  get isPicture() {
    return (
      this.mediaType.startsWith("image/") ||
      ["application/pdf", "application/postscript"].includes(this.mediaType)
    );
  }

  /** Whether an <img> shows it; there, unlike anywhere else, an SVG runs no script and loads nothing. */
  get isShown() {
    return /^image\/(png|jpeg|gif|webp|svg\+xml|avif|bmp)$/.test(this.mediaType);
  }

  get isText() {
    return (
      this.mediaType.startsWith("text/") || ["application/json", "application/xml"].includes(this.mediaType)
    );
  }

  get title() {
    if (this.isPicture && this.count > 1) return `Figure ${this.index}`;
    return this.name || (this.isPicture ? "Picture" : "Response");
  }

  /** Return a name to save it under, with an extension. */
  fileName(extension = extensionOf(this.mediaType)) {
    const stem = this.name.replace(/\.[^.]*$/, "") || (this.count > 1 ? `figure-${this.index}` : "picture");
    return `${stem}.${extension}`;
  }
}

const EXTENSIONS = {
  "image/png": "png",
  "image/svg+xml": "svg",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/tiff": "tiff",
  "application/pdf": "pdf",
  "application/postscript": "eps",
  "application/json": "json",
  "text/csv": "csv",
  "text/html": "html",
  "text/plain": "txt",
};

export const extensionOf = (mediaType) => EXTENSIONS[mediaType.split(";")[0]] ?? "bin";

export function bytes(count) {
  if (count < 1000) return `${count} bytes`;
  if (count < 1e6) return `${(count / 1000).toFixed(count < 1e4 ? 1 : 0)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
