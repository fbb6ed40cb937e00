/** What stays in this browser. Storage may be forbidden or full: then nothing stays, and nothing breaks. */
export function recall(name, otherwise, storage = () => localStorage) {
  try {
    return JSON.parse(storage().getItem(`cpyrender.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name, value, storage = () => localStorage) {
  try {
    storage().setItem(`cpyrender.${name}`, JSON.stringify(value));
  } catch {
    // As said above.
  }
}

/** The store that ends with the browser's tab. */
export const forThisTab = () => sessionStorage;
