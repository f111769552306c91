// The pictures and clips of an answer, below it.

const { createElement } = React;

const DATA_URI = /"(data:(?:image|audio)\/[^"]+)"/g;

/** Shows the data URIs in a result, which is JSON. */
export function Media({ result }) {
  const media = Array.from(result.matchAll(DATA_URI), ([, uri]) => uri);
  const shown = media.map((uri) =>
    uri.startsWith("data:image/")
      ? createElement("img", { key: uri, src: uri, alt: "Image in the answer" })
      : createElement("audio", { key: uri, src: uri, controls: true, "aria-label": "Clip in the answer" }),
  );
  return media.length ? createElement("div", { className: "media" }, ...shown) : null;
}
