// While an input method composes, keys belong to it: Enter chooses a word and Escape discards one. No script hears them,
// because this one is the first to be asked. Safari tells of the last Enter only by its code, 229.
for (const kind of ["keydown", "keypress", "keyup"]) {
  addEventListener(
    kind,
    (event) => {
      if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
    },
    true,
  );
}
