using Microsoft.Extensions.Options;

namespace ProxyCluster.Configuration;

/// <summary>How every room binds its options: one section per room, validated at start.</summary>
internal static class RoomOptionsRegistration
{
    /// <summary>Binds <typeparamref name="TOptions"/> to the section and validates it when the host starts.</summary>
    public static OptionsBuilder<TOptions> AddRoomOptions<TOptions>(this IServiceCollection services, string section)
        where TOptions : class =>
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
