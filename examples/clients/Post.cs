// Posts a script and keeps the picture.
//
//     mcs -r:System.dll Post.cs
//     mono Post.exe http://localhost:9981/ script.py picture.png
//
// The calls are those of the client of 2005, and so is what goes over the wire: the script as it is, called
// application/x-www-form-urlencoded, after "Expect: 100-continue".

using System;
using System.IO;
using System.Net;

public static class Post
{
    public static int Main(string[] args)
    {
        if (args.Length != 3)
        {
            Console.Error.WriteLine("usage: Post.exe URL SCRIPT OUTPUT");
            return 2;
        }
        try
        {
            using (var response = Send(args[0], File.ReadAllBytes(args[1])))
            {
                using (var body = response.GetResponseStream())
                using (var file = File.Create(args[2]))
                {
                    body.CopyTo(file);
                    Console.WriteLine("{0} {1} bytes", response.ContentType, file.Length);
                }
            }
            return 0;
        }
        catch (WebException error)
        {
            Tell(error);
            return 1;
        }
    }

    private static WebResponse Send(string url, byte[] script)
    {
        var request = (HttpWebRequest)WebRequest.Create(url);
        request.Method = "POST";
        request.ContentType = "application/x-www-form-urlencoded";
        request.ContentLength = script.Length;
        using (var stream = request.GetRequestStream())
        {
            stream.Write(script, 0, script.Length);
        }
        return request.GetResponse();
    }

    private static void Tell(WebException error)
    {
        var response = error.Response as HttpWebResponse;
        if (response == null)
        {
            Console.Error.WriteLine(error.Message);
            return;
        }
        Console.Error.WriteLine("{0} {1}", (int)response.StatusCode, response.StatusDescription);
        using (var reader = new StreamReader(response.GetResponseStream()))
        {
            Console.Error.Write(reader.ReadToEnd());
        }
    }
}
