// Where the phone is: {place: [lon, lat], accuracy_m, at} or why not.

/** Watch the position; `tell` gets {place, accuracy_m, at} or {denied: true} or {missing: true}. */
export function watchPosition(tell) {
  if (!navigator.geolocation) {
    tell({ missing: true });
    return;
  }
  navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => tell({ place: [coords.longitude, coords.latitude], accuracy_m: coords.accuracy, at: timestamp }),
    (error) => tell(error.code === error.PERMISSION_DENIED ? { denied: true } : { missing: true }),
    { enableHighAccuracy: true, maximumAge: 5_000, timeout: 20_000 },
  );
}
