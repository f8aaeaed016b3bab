using System.Collections.Immutable;
using System.Net.Http.Headers;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Drills;

/// <summary>An operator at the admin API of a cluster, with a token for it; without one, every order is refused.</summary>
internal sealed class DrillOperator(ImmutableArray<DrillMember> members, string? token, HttpClient http)
{
    /// <summary>Gives an order about a region, to any front end of another region that takes it.</summary>
    /// <exception cref="DrillException">No front end took it.</exception>
    public async Task OrderAsync(string verb, string region, CancellationToken cancel)
    {
        var said = "no other region has a front end";
        foreach (var door in members.Where(member => member.IsFrontEnd && member.Region != region))
        {
            using var order = new HttpRequestMessage(HttpMethod.Post, new Uri(door.Url, $"/-/admin/v1/regions/{region}/{verb}"))
            {
                Content = JsonContent.Create(new Dictionary<string, object> { ["reason"] = "a drill" }),
            };
            order.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            try
            {
                using var answer = await http.SendAsync(order, cancel);
                if (answer.IsSuccessStatusCode)
                    return;
                said = $"{door.Name} answered {(int)answer.StatusCode}: {LogText.Clean(await answer.Content.ReadAsStringAsync(cancel), LogText.MaxValue)}";
            }
            catch (HttpRequestException e)
            {
                said = $"{door.Name}: {e.Message}";
            }
        }

        throw new DrillException($"region {verb} {region} was not taken: {said}");
    }
}
