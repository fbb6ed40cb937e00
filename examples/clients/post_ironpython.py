"""Post a script from IronPython, keep the picture: ``ipy post_ironpython.py URL SCRIPT OUTPUT``.

The calls are those of the client of 2005. A picture that a window is to show comes straight from the stream:
``System.Drawing.Image.FromStream(response.GetResponseStream())``.
"""

import sys

import clr

clr.AddReference("System")
from System.IO import File, StreamReader  # noqa: E402 (only now can it be found)
from System.Net import WebException, WebRequest  # noqa: E402

url, script, output = sys.argv[1:]
data = File.ReadAllBytes(script)

request = WebRequest.Create(url)
request.ContentType = "application/x-www-form-urlencoded"
request.Method = "POST"
request.ContentLength = data.Length
stream = request.GetRequestStream()
stream.Write(data, 0, data.Length)
stream.Close()

try:
    response = request.GetResponse()
except WebException as error:
    # "The remote server returned an error: (501) NameError: name 'plto' is not defined."
    sys.stderr.write(error.Message + "\n")
    if error.Response is not None:
        sys.stderr.write(StreamReader(error.Response.GetResponseStream()).ReadToEnd())
    sys.exit(1)

picture = File.Create(output)
response.GetResponseStream().CopyTo(picture)
print(response.ContentType + " " + str(picture.Length) + " bytes")
picture.Close()
