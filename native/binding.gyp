{
  "includes": ["procseek.gypi"]
}
