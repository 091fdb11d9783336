// A colour for each team: apart from one another, dark enough for white letters.

const COLOURS = ["#1b5e9e", "#b3261e", "#1f6b41", "#7a3e9d", "#a34b00", "#00707a", "#8a2157", "#4d5b00", "#3949ab", "#5d4037", "#006064", "#ad1457"];

export const LEFT_OUT = "#75828c";

export const colourOf = (team) => (team ? COLOURS[(team - 1) % COLOURS.length] : LEFT_OUT);
