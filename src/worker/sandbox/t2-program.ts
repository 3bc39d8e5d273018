/** The program of the container tier's canary, for each architecture: gzip in base64. Made from scripts/canary/canary.c by build.sh. */
export const canaryPrograms: Readonly<Record<string, string>> = {
  x64:
    "H4sIAAAAAAACA6t39XFjYmRkgAEmBjsGEG8DgwOY7wAV52CGKwGKWQDVOTCwMrCA1bKD1UMATB+M5mdiQKEFoOoCn5aksDEQ" +
    "D2D6PDqfezQ/+fACxHYMCQ32aLZnrKvw6HYX6GKwKS6V3c0PdJHhJVcQOuBqeNKj84ZH53WPzmv8rK9f2OSW+u4GuWsvJ5DY" +
    "B/LJLpC/HHcpAUnP5hP/gToM/3t0vuBnBWrtteHwaDwIsvoYO6NH40+Q+tKXHv9Pl54zvP3SBGgR3JodmkAD9oP8uI+RA+QA" +
    "ftbdjGDnHvdoPVAhtW8CkwPDDi2gyC6QT4DG3/Zo/jGbf8phiP59G0DyoHhw3NUAJD2OH5/z////XY5gxUClj0pZPJpPMxm+" +
    "hVu5bwFMC1SxR+croFKIhSrHXFT+M3j0lqj83wVxB9BLHv9PlHI31Kj8zwYbxoHmeg2w6xkgrgcaUglSJLAXFMWOeyxAKgQZ" +
    "UMLWp/MBOGCBagkEfCUb0CiW1yz/z5buR1Kz4znYaffBqqJjHWMOA9MVA+cBBiZ4gtTPzNNPTsxLLKqE8lOLihLzUnShYu7O" +
    "zlYKGi6pSZmJeQqGRnpGega6hibaKalJhkalhppQIQYGveKM4pKiksQkBr2S1IoSBr2i/JTEkkQGveT83NzUvBIGSgE3EMPy" +
    "Amo+gID7jKjq0bgMglAxaDZhAKUXCA31N478AAOSUP0GaOL7ofrVGbDbj0wzY/HXM6h+JQb87gcAUAJnQ0gEAAA=",
  arm64:
    "H4sIAAAAAAACA61TP0wTYRT/fXfX9rCE4ASExCuYKBo5/oQBjEmvqf8GByW3OeBBq2VoCeWGalA+EgfjZAkDcVFW4gCNyooO" +
    "hMHFi3Gmg2KiC4lDidHz3fUr2EsJDL7k5X3v3e/33rv3vW/uyo2rEmOoiYR1eN4qDN83RHxJ3odQbJhwBsII+diIj69KjVez" +
    "SxLqrCpwt77YqTCOL63CbssoUs1FBmMvrmA3G4IJ1dijrka0D2w6wWD2NHEH4A4jlUhlUoU05MfwqeK6bdprNj0vwwyr3DkL" +
    "PrrVKTjqS2ecbFLxOQs1jpcrkuka7lKMYhw3d5dd19yk+ok/rhmmb1tR7mzL4ZXDam7IY5/dJD5utXPHoFgX5hviaJbPdlaj" +
    "Ra5W1jMd3CnLkRVJqn7TFtna17YXz8sGimqEO3ea+UI39S/31+fQClhLAOYm5krl2QNso3qcVdbLcRS/EaabYm4cI34OSN+X" +
    "Kcd2nOb6iubq53tY8vpHyOu/8X8aqLzdxGwpEuOjT2imMenwe9CAXc7w5jj3dYbO78k+ZV4fj0pHzZtmXfRmvqNg+t0v1/xJ" +
    "XFrBpg1I+8vel87nrVyqd8LKWfn76JvM9Ynjwb6xB6NQCqdYZ7OGdvI9ffzbdYe8fc61tEq3T7QgEcW1ZPJirOdyenzSysUG" +
    "BvVBvb93YOicOAL6TGbGztvWOHQ7XbCh56dSlm1BT2fG7uatbBr6xFQ2m87Z+C8S9XoXb7P+XVblklSPVwL8k4Jfg/2QDGGr" +
    "/vkAngX8jgC/XTaErfr9Abwa8E8LfhB3XfC1Q+r/a+UGc7kngheO6P8vJtFsHRgFAAA=",
};
