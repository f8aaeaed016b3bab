using Microsoft.Extensions.Options;

namespace ProxyCluster.Configuration;

/// <summary>How every room binds its options: one section per room, strict, validated before anything starts.</summary>
internal static class RoomOptionsRegistration
{
    /// <summary>
    /// Binds <typeparamref name="TOptions"/> to the section. Unknown keys, wrong types and values outside of their
    /// attributes are reported together with what the room's own validators say; see <see cref="SettingsCheck"/>.
    /// </summary>
    public static OptionsBuilder<TOptions> AddRoomOptions<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        var room = RoomOptions.Of<TOptions>(section);
        services.AddSingleton(room);
        services.AddSingleton<IConfigureOptions<TOptions>>(provider => new StrictOptions<TOptions>(room, SettingsOf(provider)));
        services.AddSingleton<IValidateOptions<TOptions>>(provider => new StrictOptions<TOptions>(room, SettingsOf(provider)));
        return services.AddOptions<TOptions>().ValidateOnStart();
    }

    /// <summary>The settings of this host, also where only a plain configuration is at hand.</summary>
    private static Settings SettingsOf(IServiceProvider services) =>
        services.GetService<Settings>() ?? Settings.From(services.GetRequiredService<IConfiguration>());
}
