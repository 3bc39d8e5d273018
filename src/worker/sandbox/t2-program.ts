/** The program of the container tier's canary, for each architecture: gzip in base64. Made from scripts/canary/canary.c by build.sh. */
export const canaryPrograms: Readonly<Record<string, string>> = {
  x64:
    "H4sIAAAAAAACA6t39XFjYmRkgAEmBjsGEG8DgwOY7wAVf8EEVwIUswCqc2BgZWABq2UHq4cAmD4Y/R5qNIwWgKoLfFqSwsZA" +
    "PIDp8+h87tH85MMLENsxJDTYo9mesa7Co9tdoIvBprhUdjc/0CLDS64gdMDV8KRH5w2Pzusendf4WV+/sMkt9d0NctdeTiCx" +
    "D+STXcwgg3YpAUnP5hP/gToM/3t0vuBnBWrtteHwaDwIsvoYO6NH40+Q+tKXHv9Pl54zvP0SZBHcmh2aQAP2g8JoHyMHyAH8" +
    "rLsZwc497tF6oEJqXwGTA8MOLaDILpBPgMbf9mj+MZt/ymGI/n0TQPKgeHDc1QAkPY4fn/P///9djmDFQKWPSlk8mk8zGb6F" +
    "W7mvAaYFqtij8xVQKcRClWMuKv8ZPHpLVP7vgrgD6CWP/ydKuRtqVP5ngw3j2AuKPcc9FiCnCzKgBJtP5wNwmAHNIhCmlWxA" +
    "o1hes/w/W7ofSc2O52Bb74NVRcc6xhyGpS8GzgMMTPAEp5+Zp5+cmJdYVAnlpxYVJeal6ELF3J2drRQ0XFKTMhPzFAyN9Iz0" +
    "DHQNTbRTUpMMjUoNNaFCDAx6xRnFJUUliUkMeiWpFSUMekX5KYkliQx6yfm5ual5JQyUAm4ghqV11HQOAbsYUdWjcRkEoWKw" +
    "bARKDxAa6m8c6R0GJKH6DdDE50P1qzNgtx+ZZsbir2NQ/UoM+N0PAPS49fgoBAAA",
  arm64:
    "H4sIAAAAAAACA61UPWzTUBC+ZzuxS6IqSEhtVQknRYKCqJNWDC2LHYWfhYFG3ovTBKVD3Mb1EBBQd0NMuOrEAl2rDjQCZS0S" +
    "qjJ0wULMyQBFYmkkhlQIzNl5aYmVqh046XTv7n3f3dPn97xy+94dhhDoGgM18LK3oPi5QutL7BEEa9OIUyAMIR/L+/iOdXnd" +
    "uMRATxQobvarmQ/D2S1GY4MFG2euE1AOZQ5apRCoICiHeKoZcY+U0wTU8QHLAbAcgs6gs+gcesivwee26w6J70h5lQU1LFjO" +
    "FbCy9VHKEd44OYwZzuesdTleL76YmE5wii3D/daG66q7OD/9x1XDuFePWE6DDW+eNHOHnfviZuBTfdhyFKwlYLUvDrV8uR+L" +
    "2ArfrhVHLKfJ8psM09kT18n2t6HXr5oK2AJvOQ+i1toYnp9N9fYQK7CdBlB3YaXafHKM7TfPIu1aUwb7O2LGsObKMOP3AObH" +
    "BvZoyKjrFurq93ta5eNW9jlqFWdO1lcEaFkE3p/lO1zG9R7GF8Tr/6x6mo6ooe1puc9B+cMvV/2JXLxaAzvAHF3iZMEwND0/" +
    "Ma/pmvEIkgt6ki6P7xF5nAWucpGMRkUYxtzzrd+uG/XuqT4YY2bPDUI6AnczmZvx8VuF3IKmxyenpCkpNTF54ypdAkjLxWXT" +
    "MLUcSGahYoJkLOY1UwOpUJx7aGilAkjzi6VSQTfhv1jEOzt9c73vrWMXmF48F+Cfp/wu7COj0NjJrwXwJJCPBPgHlH9AC6kA" +
    "Xgjklyg/iIvT/4t4wvx/I9tHF5kWr59y/r9iE4168AQAAA==",
};
