using ProxyCluster.Sockets;

namespace ProxyCluster.Http;

/// <summary>Small bodies of POST requests, read whole. Whoever waited for one goes on with it on the thread pool (<see cref="SocketThread"/>).</summary>
internal static class RequestBody
{
    /// <summary>Bytes of the largest one; the server refuses more by itself.</summary>
    public const int MaxBytes = 1 << 16;

    /// <summary>The body; empty for anything but POST, null when it is too large.</summary>
    public static async Task<byte[]?> ReadOrNullAsync(HttpRequest request, CancellationToken cancel)
    {
        if (!HttpMethods.IsPost(request.Method))
            return [];
        try
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, cancel);
            return body.ToArray();
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
        finally
        {
            await SocketThread.LeaveAsync();
        }
    }
}
